import { paritySuite } from '../support/parity/suite.ts';
import { oddObjects } from './cases/odd-objects.ts';

paritySuite('odd objects', oddObjects);
