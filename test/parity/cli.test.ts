import { paritySuite } from '../support/parity/suite.ts';
import { batches, btf, help, options, libbpfLevels, permissions, version } from './cases/cli.ts';

paritySuite('btf show', btf);
paritySuite('help', help);
paritySuite('version', version);
paritySuite('options', options);
paritySuite('batch', batches);
paritySuite('without permission', permissions);
paritySuite('LIBBPF_LOG_LEVEL', libbpfLevels);
