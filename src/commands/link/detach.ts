import { unsupported } from '../shared/unsupported.ts';
export const detach = await unsupported('link detach')();
