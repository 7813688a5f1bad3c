import { paritySuite } from '../support/parity/suite.ts';
import { mapChange, mapCreate, mapDump, mapGetnext, mapLookup, mapShow } from './cases/map.ts';

paritySuite('map show', mapShow);
paritySuite('map dump', mapDump);
paritySuite('map lookup', mapLookup);
paritySuite('map getnext', mapGetnext);
paritySuite('map update, delete, pin, push, pop, freeze', mapChange);
paritySuite('map create', mapCreate);
