import React, { useEffect, useState } from 'react';
import { Button, Switch, Text, View } from 'react-native';
import { Device, readDevice, releaseDevice, saveSettings } from './api';
import { isEnabled } from './flags';

export function DeviceScreen({ id }: { id: string }) {
  const [device, setDevice] = useState<Device | null>(null);
  useEffect(() => {
    readDevice(id).then(setDevice);
  }, [id]);
  if (!device) return <Text>Loading</Text>;
  const { settings, latest } = device;
  return (
    <View testID="device" accessibilityLabel={device.name}>
      <Text>{device.status}</Text>
      {latest && <Text>{`${latest.soil_moisture} % at ${latest.battery_mv / 1000} V`}</Text>}
      <Switch
        value={settings.valve_open}
        onValueChange={(valve_open) => saveSettings(id, { ...settings, valve_open })}
      />
      {isEnabled('zone-scheduling') && <Button title="Zones" onPress={() => undefined} />}
      <Button title="Release" onPress={() => releaseDevice(id)} />
    </View>
  );
}
