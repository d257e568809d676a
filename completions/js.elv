# elvish completion for js(1): "use js" in rc.elv turns it on. `js complete` knows what there is to
# offer; see client/cmd_complete.c.
use str

fn -candidate {|line|
  var word text = (str:split &max=2 "\t" $line)
  edit:complex-candidate $word &display=(if (eq $text '') { put $word } else { put $word' ('$text')' })
}

fn -files {|words|
  var word = $words[-1]
  var at = (str:index $word '=')
  if (and (str:has-prefix $word --) (>= $at 0)) {
    var before = $word[..(+ $at 1)]
    edit:complete-filename $word[(+ $at 1)..] | each {|file|
      edit:complex-candidate $before$file[stem] &code-suffix=$file[code-suffix]
    }
  } else {
    edit:complete-filename $word
  }
}

fn -complete {|@words|
  try {
    (external $words[0]) complete -- (all $words[1..]) 2>/dev/null
  } catch {
    nop
  } | each {|line|
    if (has-value [:files :dirs] $line) {
      -files $words
    } elif (str:has-prefix $line ':command ') {
      # Counted from 0 behind js.
      edit:complete-sudo js (all $words[(+ (str:trim-prefix $line ':command ') 1)..])
    } else {
      -candidate $line
    }
  }
}

set edit:completion:arg-completer[js] = $-complete~
