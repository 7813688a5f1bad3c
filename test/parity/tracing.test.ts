import { paritySuite } from '../support/parity/suite.ts';
import { loading, tracing } from './cases/tracing.ts';

paritySuite('prog loadall: what traces', tracing);
paritySuite('prog loadall: what old kernels lack', loading);
