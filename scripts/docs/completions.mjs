// Completion scripts: objects, verbs and options are written into them; everything else is asked of the program.
const standalone = ['help', 'batch', 'version', 'schema'];
const head = '# Generated from the command definitions. Do not edit.\n';

/** File name → text. */
export function completionScripts(families, options) {
  const objects = [...standalone, ...families.map((family) => family.name)];
  return {
    'completions/tsbpftool.bash': bash(families, objects, options),
    'completions/tsbpftool.zsh': zsh(families, objects, options),
    'completions/tsbpftool.fish': fish(families, options),
  };
}

const verbs = (family) => family.verbs.map((verb) => verb.name);

function bash(families, objects, options) {
  const cases = families.map((family) => `    ${family.name}) words='${verbs(family).join(' ')}' ;;`).join('\n');
  return `${head}
_tsbpftool() {
  local cur=\${COMP_WORDS[COMP_CWORD]} words='' files='' line i
  local typed=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] || typed+=("\${COMP_WORDS[i]}")
  done
  if [[ $cur == -* ]]; then
    words='${options.join(' ')}'
  elif ((\${#typed[@]} == 0)); then
    words='${objects.join(' ')}'
  elif ((\${#typed[@]} == 1)); then
    case \${typed[0]} in
${cases}
    batch) words='file' ;;
    schema) words='${objects.filter((name) => name !== 'schema').join(' ')}' ;;
    esac
  else
    while IFS= read -r line; do
      if [[ $line == :files ]]; then files=1; else words+="$line"$'\\n'; fi
    done < <("\${COMP_WORDS[0]}" __complete "\${typed[@]}" "$cur" 2>/dev/null)
  fi
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ -n $files ]]; then
    IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _tsbpftool tsbpftool
`;
}

function zsh(families, objects, options) {
  const quote = (text) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  const described = (family) => family.verbs.map((verb) => `'${verb.name}:${quote(verb.summary ?? '')}'`).join(' ');
  const cases = families.map((family) => `    ${family.name}) words=(${described(family)}) ;;`).join('\n');
  return `#compdef tsbpftool
${head}
_tsbpftool() {
  local cur=\${words[CURRENT]} program=\${words[1]} line word
  local -a typed plain
  for word in \${words[2,CURRENT-1]}; do
    [[ $word == -* ]] || typed+=("$word")
  done
  if [[ $cur == -* ]]; then
    compadd -- ${options.join(' ')}
    return
  elif (( \${#typed} == 0 )); then
    compadd -- ${objects.join(' ')}
    return
  elif (( \${#typed} == 1 )); then
    local -a words
    case \${typed[1]} in
${cases}
    batch) words=('file:Read commands from a file') ;;
    schema) words=(${objects.filter((name) => name !== 'schema').join(' ')}) ;;
    esac
    _describe command words
    return
  fi
  local files=''
  for line in \${(f)"$($program __complete $typed "$cur" 2>/dev/null)"}; do
    if [[ $line == :files ]]; then files=1; else plain+=("$line"); fi
  done
  (( \${#plain} )) && compadd -- $plain
  [[ -n $files ]] && _files
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tsbpftool "$@"; else compdef _tsbpftool tsbpftool; fi
`;
}

function fish(families, options) {
  const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = [head.trimEnd(), ''];
  lines.push(
    'function __tsbpftool_words',
    '    set -l words (commandline -opc)',
    '    for word in $words[2..]',
    "        string match -q -- '-*' $word; or echo $word",
    '    end',
    'end',
    'function __tsbpftool_at',
    '    set -l words (__tsbpftool_words)',
    '    test (count $words) -eq $argv[1]; or return 1',
    '    test (count $argv) -lt 2; or test "$words[1]" = $argv[2]',
    'end',
    'function __tsbpftool_rest',
    '    set -l program (commandline -opc)[1]',
    '    set -l current (commandline -ct)',
    '    for line in ($program __complete (__tsbpftool_words) "$current" 2>/dev/null)',
    "        if test $line = ':files'",
    '            __fish_complete_path $current',
    '        else',
    '            echo $line',
    '        end',
    '    end',
    'end',
    'function __tsbpftool_deep',
    '    test (count (__tsbpftool_words)) -ge 2',
    'end',
    'complete -c tsbpftool -f',
  );
  for (const option of options) lines.push(`complete -c tsbpftool -l ${option.slice(2)}`);
  for (const name of standalone) lines.push(`complete -c tsbpftool -n '__tsbpftool_at 0' -a ${name}`);
  for (const family of families) {
    lines.push(`complete -c tsbpftool -n '__tsbpftool_at 0' -a ${family.name} -d ${quote(family.summary)}`);
    for (const verb of family.verbs) {
      const about = verb.summary ? ` -d ${quote(verb.summary)}` : '';
      lines.push(`complete -c tsbpftool -n '__tsbpftool_at 1 ${family.name}' -a ${verb.name}${about}`);
    }
  }
  lines.push("complete -c tsbpftool -n '__tsbpftool_at 1 batch' -a file");
  const described = standalone.filter((name) => name !== 'schema').concat(families.map((family) => family.name));
  for (const name of described) lines.push(`complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a ${name}`);
  lines.push("complete -c tsbpftool -n __tsbpftool_deep -a '(__tsbpftool_rest)'", '');
  return lines.join('\n');
}
