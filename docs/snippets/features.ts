import { openKernel } from 'tsbpftool';

const { features } = openKernel();
console.log(features.programType('xdp').outcome, features.mapType('arena').outcome);
