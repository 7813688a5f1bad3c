import { paritySuite } from '../support/parity/suite.ts';
import * as cases from './cases/feature.ts';

paritySuite('feature probe', cases.featureProbe);
paritySuite('feature probe dev', cases.featureProbeDevice);
paritySuite('feature probe unprivileged', cases.featureProbeUnprivileged);
paritySuite('feature probe refused', cases.featureProbeRefused);
paritySuite('feature probe elsewhere', cases.featureProbeElsewhere);
