page-home-about = Street reports: one photo, one place, one alert, everyone hears.
page-home-docs = Description of the interface
page-home-towns = Towns
page-home-demo = This is a demonstration: the town is invented, do not enter real data. The accounts to sign in with and a first report to copy were printed by "vigie run".
