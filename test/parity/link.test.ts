import { paritySuite } from '../support/parity/suite.ts';
import { linkChange, linkShow } from './cases/link.ts';

paritySuite('link show', linkShow);
paritySuite('link detach, pin', linkChange);
