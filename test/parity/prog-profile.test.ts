import { llvmReference } from '../support/parity/programs.ts';
import { paritySuite } from '../support/parity/suite.ts';
import { progProfile, progProfileHere } from './cases/prog-profile.ts';

paritySuite('prog profile', progProfile, llvmReference());
paritySuite('prog profile, as Debian builds it', progProfileHere);
