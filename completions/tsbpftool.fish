# Completion of tsbpftool. Generated; do not edit.

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
