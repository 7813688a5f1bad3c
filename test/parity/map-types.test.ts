import { paritySuite } from '../support/parity/suite.ts';
import { oddValues, rareChange, rareDump, rareGetnext, rareLookup, rareShow } from './cases/map-types.ts';

paritySuite('map show, rare types', rareShow);
paritySuite('map dump, rare and typed maps', rareDump);
paritySuite('map dump, documented differences', oddValues);
paritySuite('map lookup, peek, every type', rareLookup);
paritySuite('map getnext, every type', rareGetnext);
paritySuite('map update, delete, push, pop, freeze, pin, every type', rareChange);
