// Command lines whose JSON is held against the schemas: every form that a command prints, with few runs.

/** Fixtures that lines without a fixture's name list. */
export const schemaFixtures: string[] = ['hash', 'progarray', 'frozen', 'hellobuffer', 'xdp'];

/** Lines that succeed and change nothing. */
export const schemaReads: string[] = [
  'map show',
  'map list',
  'map show pinned {pin:hash}',
  'map show name {prefix}same',
  'map help',
  'map dump pinned {pin:hash}',
  'map dump pinned {pin:emptyhash}',
  'map dump pinned {pin:percpuhash}',
  'map dump pinned {pin:arrayofmaps}',
  'map dump pinned {pin:reuseportsmall}',
  'map dump pinned {pin:config}',
  'map dump pinned {maps}/a_percpu_array',
  'map dump name {prefix}same',
  'map lookup pinned {pin:hash} key 1 0 0 0',
  'map lookup pinned {pin:config} key 0 0 0 0',
  'map lookup pinned {pin:percpuhash} key 1 0 0 0',
  'map lookup pinned {maps}/a_percpu_array key 0 0 0 0',
  'map peek pinned {pin:queue}',
  'map getnext pinned {pin:array}',
  'map getnext pinned {pin:array} key 0 0 0 0',
  'prog show',
  'prog list',
  'prog show pinned {pin:hello}',
  'prog show tag {tag:twin1}',
  'prog help',
  'prog dump xlated pinned {pin:hellobuffer} opcodes linum',
  'prog dump xlated pinned {pin:hello} linum',
  'prog dump xlated pinned {pin:xdp} opcodes',
  'prog dump xlated tag {tag:twin1}',
  'prog dump xlated pinned {pin:hello} file {tmp}/image',
  'prog run pinned {pin:xdp} data_in {tmp}/packet data_out - repeat 5',
  'prog run pinned {pin:classifier} data_in {tmp}/packet data_out - ctx_in {tmp}/context ctx_out -',
  'link help',
  'btf show',
  'btf list',
  'btf show id {btf:hello}',
  'btf show id 1',
  'btf help',
  'btf dump id {btf:hello}',
  'btf dump map pinned {pin:config} kv',
  'btf dump file {obj:rich-values}',
  'btf dump file {obj:attributes}',
  'btf dump file /sys/kernel/btf/vmlinux {rarekinds}',
  'cgroup show {path:group-multi}',
  'cgroup list {path:group-multi} effective',
  'cgroup show {path:group-one}',
  'cgroup tree {path:group-tree}',
  'cgroup tree {path:group-empty}',
  'token show',
  'token list',
  'feature probe',
  'feature probe dev lo',
  'feature list_builtins prog_types',
  'feature list_builtins map_types',
  'feature list_builtins attach_types',
  'feature list_builtins link_types',
  'feature list_builtins helpers',
  'feature help',
  'net help',
  ...['cgroup', 'gen', 'struct_ops', 'token'].map((object) => `${object} help`),
  'help',
  'version',
];

/** Lines that leave an old errno in the reference, which would end its batch (E6). */
export const schemaAlone: string[] = [
  'link show',
  'link list',
  'link show pinned {pin:link-xdp}',
  'link show id {id:link-raw-tp}',
  'perf show',
  'perf list',
];

/** Lines that show what is attached in a network namespace of its own: where the tests run a flow dissector is, too. */
export const schemaScenes: readonly (readonly [scene: string, line: string])[] = [
  ['empty', 'net show'],
  ['xdp', 'net show'],
  ['xdp', 'net list dev v0'],
  ['tcx', 'net show'],
  ['longnames', 'net list'],
  ['clsact', 'net show'],
  ['actions', 'net show'],
  ['classful', 'net show'],
  ['netkit', 'net show'],
  ['netfilter', 'net show'],
];

/** Lines that fail, each in a way of its own. */
export const schemaFailures: string[] = [
  'map lookup pinned {pin:hash} key 9 9 9 9',
  'map getnext pinned {pin:emptyhash}',
  'map pop pinned {pins}/queue-{who}',
  'map dump pinned {pins}/absent',
  'map dump',
  'map create {pins}/new-{who} type hash key 4 value 8 entries 16 name s_new',
  'map delete pinned {pin:hash} key 1',
  'struct_ops show name no_such_ops',
  'struct_ops dump id 0',
  'prog show id 4294967295',
  'prog load {tmp}/absent {pins}/absent',
  'prog run pinned {pin:xdp} data_in {tmp}/absent',
  'link show id 4294967295',
  'link detach id 4294967295',
  'net show dev nosuchdevice',
  'net attach xdp pinned {pin:classifier} dev lo',
  'net detach xdp dev nosuchdevice',
  'btf dump file {tmp}/absent',
  'feature list_builtins bogus',
  'feature probe dev',
  'cgroup show {tmp}',
  'cgroup tree {tmp}',
  'cgroup tree {tmp}/absent',
  'cgroup attach {tmp}',
  'cgroup detach {path:group-empty} ingress pinned {pin:for-inet_ingress}',
  'token show more',
  'iter pin {obj:hello} {pins}/iter-{who}',
  'batch file {tmp}/absent',
];

/** Lines that succeed and change something; `{who}` is the program, `{detached}` a link of its own. */
export const schemaChanges: string[] = [
  'map create {pins}/new-{who} type hash key 4 value 8 entries 16 name s_new',
  'map update pinned {pins}/new-{who} key 7 0 0 0 value 1 2 3 4 5 6 7 8',
  'map delete pinned {pins}/new-{who} key 7 0 0 0',
  'map pin pinned {pins}/new-{who} {pins}/again-{who}',
  'map freeze pinned {pins}/new-{who}',
  'map create {pins}/queue-{who} type queue key 0 value 4 entries 4 name s_queue',
  'map push pinned {pins}/queue-{who} value 1 2 3 4',
  'struct_ops register {obj:struct-ops-map}',
  'struct_ops show',
  'struct_ops list name tsbpftool_map_c',
  'struct_ops dump name tsbpftool_map_c',
  'struct_ops unregister name tsbpftool_map_c',
  'map enqueue pinned {pins}/queue-{who} value 5 6 7 8',
  'map pop pinned {pins}/queue-{who}',
  'map dequeue pinned {pins}/queue-{who}',
  'prog load {obj:hello} {pins}/hello-{who}',
  'prog loadall {obj:hello-buffer-config} {pins}/all-{who}',
  'prog pin pinned {pins}/hello-{who} {pins}/helloagain-{who}',
  'prog attach pinned {pin:skmsg} sk_msg_verdict pinned {pin:sockhash}',
  'prog detach pinned {pin:skmsg} sk_msg_verdict pinned {pin:sockhash}',
  'cgroup attach {path:group-own} ingress pinned {pin:for-inet_ingress} multi',
  'cgroup detach {path:group-own} ingress pinned {pin:for-inet_ingress}',
  'net attach xdp pinned {pin:xdp} dev lo',
  'net detach xdp dev lo',
  'link pin pinned {pin:link-xdp} {pins}/link-{who}',
  'link detach pinned {pin:{detached}}',
];

/** Commands that do not succeed with a document here, and why. */
export const schemaUnseen: Record<string, string> = {
  'btf types': 'TypeScript declarations have no JSON form',
  'gen min_core_btf': 'minimal BTF is a file, and nothing is printed',
  'gen object': 'a linked object is a file, and nothing is printed',
  'gen subskeleton': 'it prints C even with -j',
  'perf help': 'it prints usage text even with -j',
  'iter help': 'it prints usage text even with -j',
};

/** Commands that Debian's build of the reference lacks. */
export const schemaOursOnly: readonly string[] = ['gen skeleton', 'prog profile', 'ls'];

/** Commands whose members are those that were asked for: none must be there. */
export const schemaChosen: readonly string[] = ['ls'];

/** Lines of what the reference, or Debian's build of it, lacks. */
export const schemaExtensions: string[] = [
  'prog dump jited pinned {pin:hellobuffer} opcodes linum',
  'prog dump jited pinned {pin:xdp}',
  'prog dump jited tag {tag:twin1} opcodes',
  'prog profile pinned {pin:hello} duration 0 run_time',
  'btf find file {obj:rich-values} rich*',
  'btf find file {obj:hello-buffer-config} user_msg_t.message',
  'map schema pinned {pin:config}',
  'map schema pinned {pin:queue}',
  'map export pinned {pin:config} {tmp}/elements',
  'map import pinned {pin:config} {tmp}/elements',
];

/** Lines with options of their own, which have no place in a batch. */
export const schemaWithOptions: string[] = [
  'gen skeleton {obj:hello-buffer-config} --lang json --event output=event_t',
  'gen skeleton {obj:rich-values} --lang json',
  'gen skeleton {obj:globals} --lang json',
  'gen skeleton {obj:externs} --lang json',
];

/** A line that prints a document a line. */
export const schemaLines: string[] = [
  'map export pinned {pin:config}',
  'map export pinned {pin:hash}',
  'ls',
  ...['progs', 'maps', 'links', 'btf', 'pins'].map((kind) => `ls ${kind} --columns all`),
];

/** Places in the output of a command that something else decides: BTF, or another command. */
export function schemaOpen(command: string): RegExp {
  const places: Record<string, RegExp> = {
    batch: /\.output$/,
    'map schema': /\.properties\.(key|value)(_hex)?$/,
    'struct_ops dump': /^\$\[\*\]\.\w+$/,
    'map export': /^\$\.(key|value)$/,
    'map events': /^\$\.event$/,
  };
  return places[command] ?? /\.(metadata|formatted\.(key|value|values\[\*\]\.value))$/;
}
