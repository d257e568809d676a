# fish completion for js(1). `js complete` knows what there is to offer; see client/cmd_complete.c.

# Names of files, or of directories only, with what stands in front of "--option=" kept.
function __js_complete_files -a word kind
    set -l before (string match -r -- '^--[^=]*=' $word)
    set -l name (string replace -r -- '^--[^=]*=' '' $word)
    if test "$kind" = ':dirs'
        string replace -r '^' -- "$before" (__fish_complete_directories "$name" '')
    else
        string replace -r '^' -- "$before" (__fish_complete_path "$name")
    end
end

function __js_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    command -q $words[1]; or return
    for line in (command $words[1] complete -- $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case ':files' ':dirs'
                __js_complete_files "$word" $line
            case ':command *'
                # Counted from 0 behind js, and $words from 1 with it.
                set -l first (math (string replace ':command ' '' -- $line) + 2)
                complete -C (string join ' ' -- (string escape -- $words[$first..-1]) "$word")
            case '*'
                echo $line
        end
    end
end

complete -c js -f -a '(__js_complete)'
