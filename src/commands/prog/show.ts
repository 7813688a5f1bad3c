import { fail, type Handler } from '../../cli/index.ts';

export const show: Handler = () => fail('not yet');
