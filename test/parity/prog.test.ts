import { paritySuite } from '../support/parity/suite.ts';
import { progAttach, progAttachErrors, progDetach } from './cases/prog-attach.ts';
import { progRun, progRunErrors } from './cases/prog-run.ts';
import { progDump, progLoad, progShow, progStreams } from './cases/prog.ts';

paritySuite('prog show', progShow);
paritySuite('prog dump xlated', progDump);
paritySuite('prog load, loadall, pin', progLoad);
paritySuite('prog attach', progAttach);
paritySuite('prog detach', progDetach);
paritySuite('prog attach and detach refused', progAttachErrors);
paritySuite('prog run', progRun);
paritySuite('prog run refused', progRunErrors);
paritySuite('prog tracelog of a program', progStreams);
