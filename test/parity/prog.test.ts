import { paritySuite } from '../support/parity/suite.ts';
import { progDump, progLoad, progShow } from './cases/prog.ts';

paritySuite('prog show', progShow);
paritySuite('prog dump xlated', progDump);
paritySuite('prog load, loadall, pin', progLoad);
