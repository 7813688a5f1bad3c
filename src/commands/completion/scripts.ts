// The scripts know nothing of the commands: everything is asked of the program, which knows the place and the system.
const head = '# Completion of tsbpftool. Generated; do not edit.';

/**
 * Words go to readline quoted as the shell would want to read them back; with file names among them readline does that.
 * bpftool is completed as well where it is this program under that name.
 */
const bash = `${head}

_tsbpftool() {
  local cur=\${COMP_WORDS[COMP_CWORD]} paths='' line word
  local words=()
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=\${line#:} ;;
      *) words+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for word in "\${words[@]}"; do
    [[ -n $paths ]] || printf -v word %q "$word"
    [[ $word == *= ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("$word")
  done
  if [[ -n $paths ]]; then
    [[ $cur == = ]] && cur=''
    local kind=-f
    [[ $paths == directories ]] && kind=-d
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$kind" -- "$cur")
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _tsbpftool tsbpftool
if [[ $(readlink -f -- "$(type -P bpftool)" 2>/dev/null) == *tsbpftool* ]]; then
  complete -F _tsbpftool bpftool
fi
`;

/**
 * `__complete` answers a line for each word, `WORD` or `WORD<TAB>ABOUT`; `:files` or `:directories` lets the shell
 * add paths. `-V` leaves the order alone.
 */
const zsh = `#compdef tsbpftool bpftool
${head}

_tsbpftool() {
  local program=\${words[1]} paths='' line word
  local -a described
  for line in \${(f)"$(\${(Q)program} __complete "\${(Q@)words[2,CURRENT]}" 2>/dev/null)"}; do
    if [[ $line == :* ]]; then
      paths=\${line#:}
      continue
    fi
    word=\${line%%$'\\t'*}
    word=\${word//:/\\\\:}
    if [[ $line == *$'\\t'* ]]; then described+=("$word:\${line#*$'\\t'}"); else described+=("$word"); fi
  done
  (( \${#described} )) && _describe -V argument described
  case $paths in
    files) _files ;;
    directories) _files -/ ;;
  esac
  return 0
}
_tsbpftool_is_bpftool() {
  [[ \${commands[bpftool]:A} == *tsbpftool* ]]
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  if [[ $service == bpftool ]] && ! _tsbpftool_is_bpftool; then _default; else _tsbpftool "$@"; fi
else
  compdef _tsbpftool tsbpftool
  _tsbpftool_is_bpftool && compdef _tsbpftool bpftool
  true
fi
`;

const fish = `${head}

function __tsbpftool_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..] "$current" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path $current
            case ':directories'
                __fish_complete_directories $current
            case '*'
                echo $line
        end
    end
end
complete -c tsbpftool -f -k -a '(__tsbpftool_complete)'
if command -q bpftool; and string match -q '*tsbpftool*' -- (path resolve (command -s bpftool))
    complete -c bpftool -f -k -a '(__tsbpftool_complete)'
end
`;

/** Shell → its script. */
export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish };
