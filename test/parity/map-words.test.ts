import { paritySuite } from '../support/parity/suite.ts';
import { createEveryType, createWords } from './cases/map-create.ts';
import { eventPipeCases, objectValueCases, readWordCases, updateWordCases } from './cases/map-words.ts';

paritySuite('map update, words', updateWordCases);
paritySuite('map update, maps and programs as values', objectValueCases);
paritySuite('map lookup, getnext, delete, dump, words', readWordCases);
paritySuite('map event_pipe, words', eventPipeCases);
paritySuite('map create, every type', createEveryType);
paritySuite('map create, words', createWords);
