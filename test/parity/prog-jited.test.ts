import { llvmReference } from '../support/parity/programs.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { progDumpJited, progDumpJitedHere } from './cases/prog-jited.ts';

paritySuite('prog dump jited', progDumpJited, llvmReference());
paritySuite('prog dump jited, as Debian builds it', progDumpJitedHere);
