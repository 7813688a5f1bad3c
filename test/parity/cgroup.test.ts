import { paritySuite } from '../support/parity/suite.ts';
import * as cases from './cases/cgroup.ts';

paritySuite('cgroup show', cases.cgroupShow);
paritySuite('cgroup show refused', cases.cgroupShowRefused);
paritySuite('cgroup tree', cases.cgroupTree);
paritySuite('cgroup tree refused', cases.cgroupTreeRefused);
paritySuite('cgroup attach', cases.cgroupAttach);
paritySuite('cgroup detach', cases.cgroupDetach);
paritySuite('cgroup attach and detach refused', cases.cgroupChangeRefused);
