import { fail, type Handler } from '../../cli/index.ts';

export const load: Handler = () => fail('not yet');
export const loadAll = load;
