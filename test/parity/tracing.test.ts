import { paritySuite } from '../support/parity/suite.ts';
import { loading, manyPlaces, notAttached, tracing } from './cases/tracing.ts';

paritySuite('prog loadall: what traces', tracing);
paritySuite('prog loadall: what traces many places', manyPlaces);
paritySuite('prog loadall: what is not attached by itself', notAttached);
paritySuite('prog loadall: what old kernels lack', loading);
