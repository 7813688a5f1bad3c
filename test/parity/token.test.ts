import { paritySuite } from '../support/parity/suite.ts';
import { token } from './cases/token.ts';

paritySuite('token', token);
