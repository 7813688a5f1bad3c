#compdef tsbpftool
# Generated from the command definitions. Do not edit.

_tsbpftool() {
  local cur=${words[CURRENT]} program=${words[1]} line word
  local -a typed plain
  for word in ${words[2,CURRENT-1]}; do
    [[ $word == -* ]] || typed+=("$word")
  done
  if [[ $cur == -* ]]; then
    compadd -- --base-btf --bpffs --debug --help --json --mapcompat --netns --nomount --pretty --sign --use-loader --version
    return
  elif (( ${#typed} == 0 )); then
    compadd -- help batch version schema prog map link cgroup perf net feature btf gen struct_ops iter token
    return
  elif (( ${#typed} == 1 )); then
    local -a words
    case ${typed[1]} in
    prog) words=('show:Lists programs, or shows those that match.' 'list:The same as show.' 'help:Prints the usage text.' 'dump:Prints the instructions of a program.' 'pin:Pins a program at a path on a BPF file system.' 'load:Loads the first program of an object file and pins it.' 'loadall:Loads all programs of an object file and pins them in a directory.' 'attach:Attaches a program to a socket map, or a flow dissector to the network namespace.' 'detach:Takes a program off what it was attached to.' 'tracelog:Prints the trace log of the kernel, or what a program wrote to one of its streams.' 'run:Runs a program on given input.' 'profile:Measures what a program does while it runs, until it is interrupted or for some seconds.') ;;
    map) words=('show:Lists maps, or shows one.' 'list:The same as show.' 'help:Prints the usage text.' 'dump:Prints every element of a map, decoded where it has BTF.' 'update:Sets the value of a key.' 'lookup:Prints the value of a key.' 'getnext:Prints the key after a key, or the first key.' 'delete:Removes a key.' 'pin:Pins a map at a path on a BPF file system.' 'event_pipe:Prints the events of a perf event array until interrupted.' 'create:Creates a map and pins it.' 'peek:Prints the next value of a queue or stack without removing it.' 'push:Puts a value onto a stack.' 'enqueue:Puts a value into a queue.' 'pop:Takes a value from a stack and prints it.' 'dequeue:Takes a value from a queue and prints it.' 'freeze:Makes a map read-only for user space.' 'schema:Prints the JSON Schema of a map'\''s elements.' 'export:Writes every element as a line of JSON.' 'import:Sets elements from lines of JSON.') ;;
    link) words=('show:List all of them, or one.' 'list:The same as show.' 'help:Print the usage.' 'pin:Pin it as a file.' 'detach:Detach a program.') ;;
    cgroup) words=('show:List the programs of a control group.' 'list:The same as show.' 'tree:List the programs of all control groups of a tree.' 'attach:Attach a program.' 'detach:Detach a program.' 'help:Print the usage.') ;;
    perf) words=('show:List all of them, or one.' 'list:The same as show.' 'help:Print the usage.') ;;
    net) words=('show:List all of them, or those of a device.' 'list:The same as show.' 'attach:Attach a program to a device.' 'detach:Detach a program from a device.' 'help:Print the usage.') ;;
    feature) words=('probe:Probe for features.' 'list_builtins:List the names this program knows.' 'help:Print the usage.') ;;
    btf) words=('show:List all of them, or one.' 'list:The same as show.' 'help:Print the usage.' 'dump:Dump the contents.' 'types:Print TypeScript declarations of the values of types.' 'find:Find types by name or pattern, or the offset of a member.') ;;
    gen) words=('object:Link object files into one.' 'skeleton:Generate a skeleton header.' 'subskeleton:Generate a subskeleton header.' 'min_core_btf:Reduce BTF to what objects relocate against.' 'help:Print the usage.') ;;
    struct_ops) words=('show:List all of them, or one.' 'list:The same as show.' 'register:Register the struct operations of an object file.' 'unregister:Unregister struct operations.' 'dump:Dump the contents.' 'help:Print the usage.') ;;
    iter) words=('help:Print the usage.' 'pin:Pin it as a file.') ;;
    token) words=('show:List the file systems that delegate rights.' 'list:The same as show.' 'help:Print the usage.') ;;
    batch) words=('file:Read commands from a file') ;;
    schema) words=(help batch version prog map link cgroup perf net feature btf gen struct_ops iter token) ;;
    esac
    _describe command words
    return
  fi
  local files=''
  for line in ${(f)"$($program __complete $typed "$cur" 2>/dev/null)"}; do
    if [[ $line == :files ]]; then files=1; else plain+=("$line"); fi
  done
  (( ${#plain} )) && compadd -- $plain
  [[ -n $files ]] && _files
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tsbpftool "$@"; else compdef _tsbpftool tsbpftool; fi
