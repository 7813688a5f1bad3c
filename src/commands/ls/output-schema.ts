// JSON Schemas of what `ls` prints, as `schema` shows them.
import { list, type JsonSchema, type OutputSchemas, outputOf, record, text } from '../shared/json-schema.ts';
import { type Column, columnsOf, type Kind, kinds } from './rows.ts';

const columnSchema = ({ isNumber, isList, about }: Column): JsonSchema => {
  if (isNumber) return { description: about, type: 'integer', minimum: 0 };
  return isList ? list(about, { type: 'string' }) : text(about);
};

const lineOf = (kind: Kind | 'all'): JsonSchema =>
  record(
    `Of ls${kind === 'all' ? '' : ` ${kind}`}: the columns that were asked for, those left out whose value is not known.`,
    {},
    Object.fromEntries(columnsOf[kind].map((column) => [column.name, columnSchema(column)])),
  );

/** Every line is a document of its own. */
export const lsSchemas: OutputSchemas = outputOf('ls', 'A line for each object.', {
  anyOf: (['all', ...kinds] as const).map(lineOf),
});
