export interface Mistake {
  /** `{pin:NAME}` is a map of the test, `{pins}` its folder on a BPF file system, `{tmp}` one elsewhere. */
  readonly line: string;
  /** What follows the reference's text, without `hint: `. */
  readonly hint: string | RegExp;
  /** Why the text before is not the reference's (a difference that COMPATIBILITY.md lists). */
  readonly differs?: string;
}

const bytes = 'bytes that are no byte are refused';

export const mistakes: readonly Mistake[] = [
  // Words that are not there.
  { line: 'mpa show', hint: "no object 'mpa'; did you mean 'map'?" },
  { line: 'maps', hint: "no object 'maps'; did you mean 'map'?" },
  { line: 'program show', hint: "no object 'program'; did you mean 'prog'?" },
  { line: 'bogus', hint: /^hint: no object 'bogus'; there are .*prog, map, link/ },
  { line: 'map shwo', hint: "no verb 'shwo' of map; did you mean 'show'?" },
  { line: '-j map shwo', hint: "no verb 'shwo' of map; did you mean 'show'?" },
  { line: 'map remove name tmist_hash key 1 0 0 0', hint: "no verb 'remove' of map; did you mean 'delete'?" },
  { line: 'map set name tmist_hash', hint: "no verb 'set' of map; did you mean 'update'?" },
  { line: 'prog lod x y', hint: "no verb 'lod' of prog; did you mean 'load'?" },
  { line: 'gen skelton x', hint: "no verb 'skelton' of gen; did you mean 'skeleton'?" },
  { line: 'link detatch id 1', hint: "no verb 'detatch' of link; did you mean 'detach'?" },
  { line: 'btf dmp id 1', hint: "no verb 'dmp' of btf; did you mean 'dump'?" },
  { line: 'net atach xdp id 1 dev lo', hint: "no verb 'atach' of net; did you mean 'attach'?" },
  // Keywords.
  { line: 'map dump nmae tmist_hash', hint: "no 'nmae' after 'map dump'; did you mean 'name'?" },
  { line: 'prog dump xlatd id 1', hint: "no 'xlatd' after 'prog dump'; did you mean 'xlated'?" },
  {
    line: 'map update name tmist_hash key 1 0 0 0 valeu 1 0 0 0',
    hint: "no 'valeu' after 'map update name tmist_hash key 1 0 0 0'; did you mean 'value'?",
  },
  {
    line: 'map update name tmist_hash key 1 0 0 0 value 1 0 0 0 noexit',
    hint: "no 'noexit' after 'map update name tmist_hash key 1 0 0 0 value 1 0 0 0'; did you mean 'noexist'?",
  },
  { line: 'feature probe kernl', hint: "no 'kernl' after 'feature probe'; did you mean 'kernel'?" },
  // Types.
  { line: 'net attach xpd id 1 dev lo', hint: "no 'xpd' after 'net attach'; did you mean 'xdp'?" },
  {
    line: 'map create {pins}/new type hsah key 4 value 4 entries 4 name new',
    hint: "no 'hsah' after 'map create {pins}/new type'; did you mean 'hash'?",
  },
  { line: 'feature list_builtins map_tpyes', hint: /did you mean 'map_types'/ },
  // Options.
  { line: 'map show --jsno', hint: "no option '--jsno'; did you mean '--json'?" },
  { line: '--prety map show', hint: "no option '--prety'; did you mean '--pretty'?" },
  { line: 'prog load --exlpain x y', hint: "no option '--exlpain'; did you mean '--explain'?" },
  { line: 'map show -x', hint: "no option '-x'; --help tells which there are" },
  // Keywords that are missing, words that are too many.
  { line: 'map dump 5', hint: 'map dump id 5' },
  { line: 'map dump tmist_hash', hint: 'map dump name tmist_hash' },
  { line: 'map dump {pin:tmist_hash}', hint: 'map dump pinned {pin:tmist_hash}' },
  { line: 'prog show 1', hint: 'prog show id 1' },
  { line: 'link detach 5', hint: 'link detach id 5' },
  { line: 'btf dump 1', hint: 'btf dump id 1' },
  { line: 'map lookup name tmist_hash 1 0 0 0', hint: 'map lookup name tmist_hash key 1 0 0 0' },
  {
    line: 'map update name tmist_hash 1 0 0 0 value 1 0 0 0',
    hint: 'map update name tmist_hash key 1 0 0 0 value 1 0 0 0',
  },
  {
    line: 'map update name tmist_hash key 1 0 0 0 1 0 0 0',
    hint: 'map update name tmist_hash key 1 0 0 0 value 1 0 0 0',
  },
  { line: 'map dump', hint: "missing after 'map dump': id, pinned or name" },
  { line: 'map dump name', hint: "missing after 'map dump name': MAP_NAME" },
  { line: 'iter pin x.o', hint: "missing after 'iter pin x.o': PATH" },
  { line: 'map dump name tmist_hash more', hint: "'more' is too much: nothing follows 'map dump name tmist_hash'" },
  { line: 'map show id abc', hint: "'abc' is no id, which is a number: map show name abc" },
  // Bytes.
  {
    line: 'map lookup name tmist_hash key 0102030405',
    hint: 'map lookup name tmist_hash key hex 01 02 03 04 05',
    differs: bytes,
  },
  {
    line: 'map update name tmist_hash key 68656c6c6f value 1 0 0 0',
    hint: 'map update name tmist_hash key hex 68 65 6c 6c 6f value 1 0 0 0',
  },
  { line: 'map lookup name tmist_hash key ab 0 0 0', hint: 'map lookup name tmist_hash key hex ab 0 0 0' },
  { line: 'map lookup name tmist_hash key hello', hint: "'hello' is no byte; as text it is: hex 68 65 6c 6c 6f" },
  {
    line: 'map lookup name tmist_hash key 1000',
    hint: "'1000' is no byte (0 to 255): a number stands as its bytes, the lowest first: 232 3 0 0",
    differs: bytes,
  },
  {
    line: 'map lookup name tmist_hash key 1',
    hint: 'a key of this map has 4 bytes, each a word of its own, the lowest first: key 1 0 0 0',
  },
  // Several of a name.
  {
    line: 'map lookup name tmist_twin key 0 0 0 0',
    hint: /^hint: id \d+: hash tmist_twin, 4 entries at most\nhint: id \d+: array tmist_twin, 2 entries at most\nhint: say which by its id: map lookup id \d+ key 0 0 0 0$/,
  },
  // What the kernel refuses.
  {
    line: 'map update name tmist_full key 2 0 0 0 value 1 0 0 0',
    hint: /^hint: map \d+ is full: it holds 1 entries at most/,
  },
  {
    line: 'map update name tmist_frozen key 0 0 0 0 value 1 0 0 0',
    hint: /^hint: map \d+ is frozen: it can be read, and no longer changed from user space$/,
  },
  { line: 'map pin name tmist_hash {pins}/a.b', hint: 'names on a BPF file system hold no dots: {pins}/a_b' },
  {
    line: 'map create {pins}/new type lpm_trie key 8 value 4 entries 4 name new',
    hint: 'an lpm_trie needs flags 1 (BPF_F_NO_PREALLOC)',
  },
  {
    line: 'map create {pins}/new type ringbuf key 0 value 0 entries 5000 name new',
    hint: 'entries of a ringbuf is its size in bytes, a power of two and whole pages: entries 8192',
  },
  {
    line: 'map create {pins}/new type array key 8 value 4 entries 4 name new',
    hint: 'keys of type array have 4 bytes: key 4',
  },
  {
    line: 'map create {pins}/new type hash key 4 value 4 name new',
    hint: 'a map holds at least one entry: entries N',
  },
  {
    line: 'map event_pipe name tmist_ring',
    hint: /^hint: map event_pipe works on perf_event_array, and map \d+ is a ringbuf; its events: map events id \d+$/,
  },
  { line: 'map pin name tmist_hash {tmp}/none/pin', hint: "there is no directory '{tmp}/none': mkdir -p {tmp}/none" },
  {
    line: 'map create {pins}/none/new type hash key 4 value 4 entries 4 name new',
    hint: "there is no directory '{pins}/none': mkdir -p {pins}/none",
  },
  { line: 'map show id 4294967290', hint: 'no map has the id 4294967290; `map show` lists those there are' },
];
