// The words and options of `metrics`, which the reference lacks: one value for parser, help, completion and manual
// page.
import type { Declaration } from '../../cli/index.ts';
import { snapshotOption } from '../shared/inventory-options.ts';

export const metricsCommand: Declaration = {
  forms: [''],
  options: [
    {
      long: 'output',
      short: 'o',
      argument: 'FILE',
      summary: 'Writes FILE, which is complete at any moment: for a textfile collector.',
    },
    {
      long: 'listen',
      argument: 'ADDRESS:PORT|unix:PATH',
      summary: 'Answers GET /metrics until it is ended. Without an address: 127.0.0.1.',
    },
    {
      long: 'stats',
      argument: 'STATE',
      choices: ['on', 'off'],
      summary:
        'Whether the kernel measures run times meanwhile, which costs some 40 ns a run; on with --listen, else off.',
    },
    { long: 'map', argument: 'NAME', kind: 'list', summary: 'Exports the values of maps of that name, by their BTF.' },
    {
      long: 'limit',
      argument: 'N',
      kind: 'integer',
      default: 10_000,
      summary: 'The most series; what is left out is counted.',
    },
    snapshotOption,
  ],
  details:
    'Prints OpenMetrics text that readers of the older Prometheus format take, too. Run times are measured only while somebody asks the ' +
    'kernel to: they end with the process, however it ends. A listener takes one inventory for all scrapes of the same second. Of values of maps ' +
    'numbers are gauges, and counters where the name of the member ends in _total; enums and strings are labels.',
  examples: [
    {
      line: 'tsbpftool metrics -o /tmp/bpf.prom',
      summary: 'Writes a file for the textfile collector of node_exporter.',
    },
    { line: 'tsbpftool metrics', summary: 'Prints the metrics once.' },
  ],
  load: async () => (await import('./metrics.ts')).metrics,
};
