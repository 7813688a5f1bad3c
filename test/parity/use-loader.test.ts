import { useLoader } from './cases/use-loader.ts';
import { paritySuite } from '../support/parity/suite.ts';

paritySuite('-L, -S', useLoader);
