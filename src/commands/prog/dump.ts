import { fail, type Handler } from '../../cli/index.ts';

export const dump: Handler = () => fail('not yet');
