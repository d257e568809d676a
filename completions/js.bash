# bash completion for js(1). `js complete` knows what there is to offer; see client/cmd_complete.c.

# Cuts the command line up to the cursor at blanks: _js_words. (COMP_WORDS is cut at "=" and ":" as
# well.) _js_starts has the index in COMP_WORDS at which each of them starts.
_js_split() {
    local line=${COMP_LINE:0:COMP_POINT} i word rest
    _js_words=() _js_starts=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:blank:]]*}"}
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            _js_words+=("")
            _js_starts+=("$i")
        fi
        ((${#word} <= ${#rest})) || word=$rest
        _js_words[${#_js_words[@]} - 1]+=$word
        line=${rest:${#word}}
    done
}

# Names of files (-f) or directories (-d); before is what stands in front of the name in the word.
_js_files() {
    local name
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        COMPREPLY+=("${before#"$head"}$name")
    done < <(compgen "$1" -- "${word#"$before"}")
}

# The command line that starts at word number $1 behind js belongs to another command.
_js_other_command() {
    local start=${_js_starts[$1 + 1]} function
    for function in _comp_command_offset _command_offset; do
        if declare -F "$function" >/dev/null; then
            "$function" "$start"
            return
        fi
    done
    if ((start == COMP_CWORD)); then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else
        before=$head
        _js_files -f
    fi
}

# Lists candidates with their explanations, one per line, when they are only to be shown.
_js_explain() {
    local i width=${COLUMNS:-80}
    for i in "${!COMPREPLY[@]}"; do
        printf -v 'COMPREPLY[i]' '%-14s  %s' "${COMPREPLY[i]}" "${explanations[i]}"
        printf -v 'COMPREPLY[i]' '%-*s' $((width / 2 + 1)) "${COMPREPLY[i]:0:width - 2}"
    done
}

_js() {
    local _js_words _js_starts js word head="" before="" line candidate quoted=""
    local explanations=()
    COMPREPLY=()
    _js_split
    js=$(type -P "${_js_words[0]}") || js=js
    word=${_js_words[${#_js_words[@]} - 1]}
    case $word in
    [\"\']*) quoted=yes ;; # readline replaces what stands behind the quote
    *[=:]*) # ... and here what stands behind the last of these
        [[ $COMP_WORDBREAKS == *[=:]* ]] && head=${word%"${word##*[=:]}"}
        ;;
    esac
    word=${word//[\\\"\']/}
    [[ $word == --*=* ]] && before=${word%%=*}=
    while IFS= read -r line; do
        candidate=${line%%$'\t'*}
        case $line in
        :files) _js_files -f ;;
        :dirs) _js_files -d ;;
        :command\ *) _js_other_command "${line#:command }" ;;
        "$word"*)
            candidate=${candidate#"$head"}
            [[ $quoted ]] || printf -v candidate %q "$candidate"
            COMPREPLY+=("$candidate")
            explanations+=("${line#*$'\t'}")
            ;;
        esac
    done < <("$js" complete -- "${_js_words[@]:1}" 2>/dev/null)
    # 63 is "?": the possible completions are asked for, nothing is inserted.
    if ((${#explanations[@]} > 1 && ${COMP_TYPE:-0} == 63)); then
        _js_explain
    fi
}

complete -F _js js
