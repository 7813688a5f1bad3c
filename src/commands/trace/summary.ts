import { quoteJson, type Sink } from '../../output/index.ts';
import { visibleText } from '../../bytes/index.ts';
import { objectText, type TraceCall } from '../../trace/index.ts';

interface Row {
  readonly command: string;
  readonly object: string;
  calls: number;
  errors: number;
  /** Nanoseconds. */
  time: number;
}

/** Calls, errors and time by command and object. */
export class TraceSummary {
  readonly #rows = new Map<string, Row>();

  add(call: TraceCall): void {
    const { facts } = call;
    // The first descriptor that means an object is what the call is about.
    const first = call.members.find(({ value }) => value.kind === 'fd' && value.object !== undefined)?.value;
    const object = first?.kind === 'fd' && first.object !== undefined ? objectText(first.object) : '';
    const command = facts.call === 'perf_event_open' ? facts.call : facts.command;
    const key = `${command}\0${object}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { command, object, calls: 0, errors: 0, time: 0 };
      this.#rows.set(key, row);
    }
    row.calls++;
    if (facts.result < 0n) row.errors++;
    row.time += call.durationNs;
  }

  print(sink: Sink, { json, lost }: { readonly json: boolean; readonly lost: number }): void {
    const rows = [...this.#rows.values()].sort((a, b) => b.time - a.time);
    const total = { calls: 0, errors: 0, time: 0 };
    for (const { calls, errors, time } of rows) {
      total.calls += calls;
      total.errors += errors;
      total.time += time;
    }
    if (json) {
      for (const { command, object, calls, errors, time } of rows) {
        sink.text(
          `{"event":"summary","command":${quoteJson(command)},"object":${quoteJson(visibleText(object))},"calls":${calls},"errors":${errors},"time_ns":${time}}\n`,
        );
      }
      return;
    }
    sink.text('% time     seconds  usecs/call     calls    errors  command\n');
    sink.text('------ ----------- ----------- --------- ---------  ------------------------------\n');
    const line = ({ calls, errors, time }: typeof total, words: string) => {
      const share = total.time === 0 ? 0 : (time / total.time) * 100;
      const each = calls === 0 ? 0 : time / calls / 1000;
      const columns = [
        share.toFixed(2).padStart(6),
        (time / 1e9).toFixed(6).padStart(11),
        each.toFixed(1).padStart(11),
        String(calls).padStart(9),
        (errors === 0 ? '' : String(errors)).padStart(9),
      ];
      sink.text(`${columns.join(' ')}  ${words}\n`);
    };
    for (const row of rows) line(row, `${row.command}${row.object === '' ? '' : ` <${visibleText(row.object)}>`}`);
    sink.text('------ ----------- ----------- --------- ---------  ------------------------------\n');
    line(total, `total${lost > 0 ? `, and ${lost} lost` : ''}`);
  }
}
