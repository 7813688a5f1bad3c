# Generated from the command definitions. Do not edit.

function __tsbpftool_words
    set -l words (commandline -opc)
    for word in $words[2..]
        string match -q -- '-*' $word; or echo $word
    end
end
function __tsbpftool_at
    set -l words (__tsbpftool_words)
    test (count $words) -eq $argv[1]; or return 1
    test (count $argv) -lt 2; or test "$words[1]" = $argv[2]
end
function __tsbpftool_rest
    set -l program (commandline -opc)[1]
    set -l current (commandline -ct)
    for line in ($program __complete (__tsbpftool_words) "$current" 2>/dev/null)
        if test $line = ':files'
            __fish_complete_path $current
        else
            echo $line
        end
    end
end
function __tsbpftool_deep
    test (count (__tsbpftool_words)) -ge 2
end
complete -c tsbpftool -f
complete -c tsbpftool -l base-btf
complete -c tsbpftool -l bpffs
complete -c tsbpftool -l debug
complete -c tsbpftool -l help
complete -c tsbpftool -l json
complete -c tsbpftool -l mapcompat
complete -c tsbpftool -l netns
complete -c tsbpftool -l nomount
complete -c tsbpftool -l pretty
complete -c tsbpftool -l sign
complete -c tsbpftool -l use-loader
complete -c tsbpftool -l version
complete -c tsbpftool -n '__tsbpftool_at 0' -a help
complete -c tsbpftool -n '__tsbpftool_at 0' -a batch
complete -c tsbpftool -n '__tsbpftool_at 0' -a version
complete -c tsbpftool -n '__tsbpftool_at 0' -a schema
complete -c tsbpftool -n '__tsbpftool_at 0' -a prog -d 'Inspect, load and run BPF programs.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a show -d 'Lists programs, or shows those that match.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a help -d 'Prints the usage text.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a dump -d 'Prints the instructions of a program.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a pin -d 'Pins a program at a path on a BPF file system.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a load -d 'Loads the first program of an object file and pins it.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a loadall -d 'Loads all programs of an object file and pins them in a directory.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a attach -d 'Attaches a program to a socket map, or a flow dissector to the network namespace.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a detach -d 'Takes a program off what it was attached to.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a tracelog -d 'Prints the trace log of the kernel, or what a program wrote to one of its streams.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a run -d 'Runs a program on given input.'
complete -c tsbpftool -n '__tsbpftool_at 1 prog' -a profile -d 'Measures what a program does while it runs, until it is interrupted or for some seconds.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a map -d 'Inspect and change BPF maps.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a show -d 'Lists maps, or shows one.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a help -d 'Prints the usage text.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a dump -d 'Prints every element of a map, decoded where it has BTF.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a update -d 'Sets the value of a key.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a lookup -d 'Prints the value of a key.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a getnext -d 'Prints the key after a key, or the first key.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a delete -d 'Removes a key.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a pin -d 'Pins a map at a path on a BPF file system.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a event_pipe -d 'Prints the events of a perf event array until interrupted.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a create -d 'Creates a map and pins it.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a peek -d 'Prints the next value of a queue or stack without removing it.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a push -d 'Puts a value onto a stack.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a enqueue -d 'Puts a value into a queue.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a pop -d 'Takes a value from a stack and prints it.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a dequeue -d 'Takes a value from a queue and prints it.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a freeze -d 'Makes a map read-only for user space.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a schema -d 'Prints the JSON Schema of a map\'s elements.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a export -d 'Writes every element as a line of JSON.'
complete -c tsbpftool -n '__tsbpftool_at 1 map' -a import -d 'Sets elements from lines of JSON.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a link -d 'Attachments of programs, as kernel objects.'
complete -c tsbpftool -n '__tsbpftool_at 1 link' -a show -d 'List all of them, or one.'
complete -c tsbpftool -n '__tsbpftool_at 1 link' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 link' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 1 link' -a pin -d 'Pin it as a file.'
complete -c tsbpftool -n '__tsbpftool_at 1 link' -a detach -d 'Detach a program.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a cgroup -d 'Programs attached to control groups.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a show -d 'List the programs of a control group.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a tree -d 'List the programs of all control groups of a tree.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a attach -d 'Attach a program.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a detach -d 'Detach a program.'
complete -c tsbpftool -n '__tsbpftool_at 1 cgroup' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a perf -d 'Programs attached to perf events of running processes.'
complete -c tsbpftool -n '__tsbpftool_at 1 perf' -a show -d 'List all of them, or one.'
complete -c tsbpftool -n '__tsbpftool_at 1 perf' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 perf' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a net -d 'Programs attached to network devices and protocols.'
complete -c tsbpftool -n '__tsbpftool_at 1 net' -a show -d 'List all of them, or those of a device.'
complete -c tsbpftool -n '__tsbpftool_at 1 net' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 net' -a attach -d 'Attach a program to a device.'
complete -c tsbpftool -n '__tsbpftool_at 1 net' -a detach -d 'Detach a program from a device.'
complete -c tsbpftool -n '__tsbpftool_at 1 net' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a feature -d 'What the kernel and network devices support.'
complete -c tsbpftool -n '__tsbpftool_at 1 feature' -a probe -d 'Probe for features.'
complete -c tsbpftool -n '__tsbpftool_at 1 feature' -a list_builtins -d 'List the names this program knows.'
complete -c tsbpftool -n '__tsbpftool_at 1 feature' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a btf -d 'BTF type information held by the kernel or in files.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a show -d 'List all of them, or one.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a dump -d 'Dump the contents.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a types -d 'Print TypeScript declarations of the values of types.'
complete -c tsbpftool -n '__tsbpftool_at 1 btf' -a find -d 'Find types by name or pattern, or the offset of a member.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a gen -d 'Linked objects, skeletons and minimal BTF.'
complete -c tsbpftool -n '__tsbpftool_at 1 gen' -a object -d 'Link object files into one.'
complete -c tsbpftool -n '__tsbpftool_at 1 gen' -a skeleton -d 'Generate a skeleton header.'
complete -c tsbpftool -n '__tsbpftool_at 1 gen' -a subskeleton -d 'Generate a subskeleton header.'
complete -c tsbpftool -n '__tsbpftool_at 1 gen' -a min_core_btf -d 'Reduce BTF to what objects relocate against.'
complete -c tsbpftool -n '__tsbpftool_at 1 gen' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a struct_ops -d 'Struct operations implemented by programs.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a show -d 'List all of them, or one.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a register -d 'Register the struct operations of an object file.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a unregister -d 'Unregister struct operations.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a dump -d 'Dump the contents.'
complete -c tsbpftool -n '__tsbpftool_at 1 struct_ops' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a iter -d 'Iterators, pinned as readable files.'
complete -c tsbpftool -n '__tsbpftool_at 1 iter' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 1 iter' -a pin -d 'Pin it as a file.'
complete -c tsbpftool -n '__tsbpftool_at 0' -a token -d 'Delegation tokens of BPF file systems.'
complete -c tsbpftool -n '__tsbpftool_at 1 token' -a show -d 'List the file systems that delegate rights.'
complete -c tsbpftool -n '__tsbpftool_at 1 token' -a list -d 'The same as show.'
complete -c tsbpftool -n '__tsbpftool_at 1 token' -a help -d 'Print the usage.'
complete -c tsbpftool -n '__tsbpftool_at 1 batch' -a file
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a help
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a batch
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a version
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a prog
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a map
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a link
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a cgroup
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a perf
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a net
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a feature
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a btf
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a gen
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a struct_ops
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a iter
complete -c tsbpftool -n '__tsbpftool_at 1 schema' -a token
complete -c tsbpftool -n __tsbpftool_deep -a '(__tsbpftool_rest)'
