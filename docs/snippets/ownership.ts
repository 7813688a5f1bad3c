import { load } from 'tsbpftool';

const file = new URL('../../examples/hello-ring-buffer-config.bpf.o', import.meta.url);

// #region using
{
  using object = load(file);
  object.programs.hello.attach();
} // Detached, closed and gone.
// #endregion

// #region close
const object = load(file);
try {
  object.programs.hello.attach();
} finally {
  object.close();
}
// #endregion
