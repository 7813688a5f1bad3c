import { paritySuite } from '../support/parity/suite.ts';
import { structOps } from './cases/struct-ops.ts';

paritySuite('struct_ops', structOps);
