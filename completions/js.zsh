#compdef js

# zsh completion for js(1). `js complete` knows what there is to offer; see client/cmd_complete.c.

_js() {
    local js=${(Q)words[1]} line
    local -a all candidates
    (( $+commands[$js] )) || [[ $js == */* ]] || js=js
    all=( ${(Q)words[2,CURRENT-1]} )
    for line in ${(f)"$(_call_program js ${(q)js} complete -- ${(q)all} ${(q)${(Q)PREFIX}} 2>/dev/null)"}; do
        case $line in
        (:files) compset -P '--*='; _files; return ;;
        (:dirs) compset -P '--*='; _files -/; return ;;
        (:command\ *)
            # Counted behind "js": the words before go, and so does "js".
            shift $(( ${line#:command } + 1 )) words
            (( CURRENT -= ${line#:command } + 1 ))
            _normal
            return
            ;;
        (*) candidates+=( "${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}" ) ;;
        esac
    done
    _describe -V js candidates
}

_js "$@"
