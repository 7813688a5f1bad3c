// TypeDoc asks for `typescript` and needs the compiler with an interface for programs, which the newest one no longer is.
import { register } from 'node:module';

const hook = `export const resolve = (name, context, next) =>
  next(/^typescript(?=$|\\/)/.test(name) ? name.replace('typescript', '@typescript/typescript6') : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
