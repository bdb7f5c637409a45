page-home-about = Signalements dans la rue : une photo, un lieu, une alerte, tout le monde est tenu au courant.
page-home-docs = Description de l'interface (en anglais)
page-home-towns = Villes
page-home-demo = Ceci est une démonstration : la ville est inventée, n'y mettez pas de vraies données. Les comptes pour se connecter et un premier signalement à copier ont été affichés par « vigie run ».
