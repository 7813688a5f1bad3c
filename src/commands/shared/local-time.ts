/** Local time as `2026-01-31T12:00:00+0100`; `seconds` since 1970. */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const east = -date.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}${two(Math.abs(east) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${zone}`;
}
