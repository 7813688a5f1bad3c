// Metrics as text that both OpenMetrics and the older Prometheus format read.

/** One line: `name{labels} value`. A text is a number that is written already. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number | bigint | string;
}

export interface Family {
  /** Without `_total`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** Of OpenMetrics: the name must end with it. */
  readonly unit?: string;
  readonly samples: readonly Sample[];
}

/** Label names may have letters, digits and `_` only. */
export function labelName(text: string): string {
  const name = text.replace(/\W/g, '_');
  return /^\d/.test(name) ? `_${name}` : name;
}

/** The exposition. Beyond `limit` series samples are left out, in the order of the families; their number is a metric itself. */
export function exposition(families: readonly Family[], limit: number): string {
  let left = limit;
  let dropped = 0;
  const shown = families.map((family) => {
    const samples = family.samples.slice(0, left);
    dropped += family.samples.length - samples.length;
    left -= samples.length;
    return { ...family, samples };
  });
  const last: Family = {
    name: 'bpf_exporter_dropped_series',
    type: 'gauge',
    help: 'Series left out because of the limit.',
    samples: [{ labels: {}, value: dropped }],
  };
  // OpenMetrics ends with this line; older readers take it for a comment.
  return `${[...shown, last].map(familyText).join('')}# EOF\n`;
}

/** A family without samples has no head either. */
function familyText({ name, type, help, unit, samples }: Family): string {
  if (samples.length === 0) return '';
  // The head names the family, lines of a counter have `_total`.
  const full = type === 'counter' ? `${name}_total` : name;
  const head = `# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${help}\n`;
  let text = head;
  for (const { labels, value } of samples) {
    let list = '';
    for (const [label, of] of Object.entries(labels))
      list += `${list === '' ? '' : ','}${label}="${escaped(String(of))}"`;
    text += `${full}${list === '' ? '' : `{${list}}`} ${value}\n`;
  }
  return text;
}

function escaped(text: string): string {
  if (!/[\\"\n\r]/.test(text)) return text;
  // A carriage return would be taken for the end of a line by some.
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\\\r');
}
