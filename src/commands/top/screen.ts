// A terminal's screen that is painted line by line, and given back as it was.
import { emitKeypressEvents } from 'node:readline';

/** What node:readline makes of a key. */
export interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** Alternate screen, cursor hidden, cleared; and back. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[2J';
const leave = '\x1b[?25h\x1b[?1049l';
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The alternate screen in raw mode, until it is closed or a signal comes. */
export class Screen {
  readonly #onKey: (key: Key) => void;
  readonly #onResize: () => void;
  #lines: string[] = [];
  #isOpen = false;
  readonly #end: () => void;
  readonly #keypress = (_: string | undefined, key: Key) => {
    // In raw mode these keys send no signals.
    if (key.ctrl && key.name === 'z') this.#suspend();
    else if (key.ctrl && (key.name === 'c' || key.name === '\\')) this.#end();
    else this.#onKey(key);
  };
  readonly #resized = () => {
    // Nothing of the old size is on the screen any more.
    this.#lines = [];
    process.stdout.write('\x1b[2J');
    this.#onResize();
  };
  readonly #stop = () => this.#suspend();
  readonly #ended = () => {
    this.close();
    this.#end();
  };

  /** `end`: called once where a signal or a key asks for the end; the screen is given back by then. */
  constructor({ onKey, onResize, end }: { onKey: (key: Key) => void; onResize: () => void; end: () => void }) {
    this.#onKey = onKey;
    this.#onResize = onResize;
    this.#end = end;
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.#keypress);
    process.stdin.once('end', this.#ended);
    process.stdout.on('resize', this.#resized);
    for (const signal of endings) process.on(signal, this.#ended);
    process.on('SIGTSTP', this.#stop);
    this.#open();
  }

  get size(): { columns: number; rows: number } {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
  }

  #open(): void {
    this.#isOpen = true;
    this.#lines = [];
    process.stdin.setRawMode(true);
    process.stdin.resume();
    process.stdout.write(enter);
  }

  #giveBack(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      process.stdin.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
    process.stdout.write(leave);
  }

  /** Gives the terminal back while the shell has it. */
  #suspend(): void {
    this.#giveBack();
    process.once('SIGCONT', () => {
      process.on('SIGTSTP', this.#stop);
      this.#open();
      this.#onResize();
    });
    // Without a handler the signal stops the process, as the shell expects.
    process.off('SIGTSTP', this.#stop);
    process.kill(process.pid, 'SIGTSTP');
  }

  /** Shows lines, each of at most the terminal's columns: only those that are not there already are written. */
  paint(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const { rows } = this.size;
    let text = '';
    for (let row = 0; row < Math.min(rows, Math.max(lines.length, this.#lines.length)); row++) {
      const line = lines[row] ?? '';
      // To the row's first column; attributes off and the rest of the row cleared behind it.
      if (line !== this.#lines[row]) text += `\x1b[${row + 1};1H${line}\x1b[0m\x1b[K`;
    }
    this.#lines = lines.slice(0, rows);
    if (text !== '') process.stdout.write(text);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#giveBack();
    process.stdin.off('keypress', this.#keypress);
    process.stdin.off('end', this.#ended);
    process.stdout.off('resize', this.#resized);
    for (const signal of endings) process.off(signal, this.#ended);
    process.off('SIGTSTP', this.#stop);
    process.stdin.pause();
  }
}
