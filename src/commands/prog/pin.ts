import { fail, type Handler } from '../../cli/index.ts';

export const pin: Handler = () => fail('not yet');
