// The entry of the standalone file: the command line without Node. `argv0` is the name by which the file was called.
import { runsWithRaisedRights } from './sys/index.ts';

if (runsWithRaisedRights()) {
  process.stderr.write(
    'Error: this file must not run with more rights than its caller has (set-user-ID or file capabilities): its runtime obeys ' +
      'environment variables that the caller sets; take them off and call it through sudo\n',
  );
  process.exit(255);
}
const { endProcess, main } = await import('./main.ts');
const name = process.argv0.slice(process.argv0.lastIndexOf('/') + 1);
endProcess(await main(name, process.argv.slice(2)));
