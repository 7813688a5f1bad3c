import { paritySuite } from '../support/parity/suite.ts';
import { largeValues, oddObjects, toldObjects } from './cases/odd-objects.ts';

paritySuite('odd objects', oddObjects);
paritySuite('objects, with all that is done', toldObjects);
paritySuite('large values', largeValues);
