import { paritySuite } from '../support/parity/suite.ts';
import { oddObjects, toldObjects } from './cases/odd-objects.ts';

paritySuite('odd objects', oddObjects);
paritySuite('objects, with all that is done', toldObjects);
