import { defaultKernel } from 'tsbpftool';

const { features } = defaultKernel();
console.log(features.programType('xdp').outcome, features.mapType('arena').outcome);
