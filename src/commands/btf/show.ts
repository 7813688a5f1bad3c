import { unsupported } from '../shared/unsupported.ts';
export const show = await unsupported('btf show')();
