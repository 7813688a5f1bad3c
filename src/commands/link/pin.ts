import { unsupported } from '../shared/unsupported.ts';
export const pin = await unsupported('link pin')();
